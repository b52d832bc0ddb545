"""What a connection to a folder of letters is told."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PostalSettings(BaseModel):
    """Settings of channel `postal_folder`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    folder: Path = Field(description="where letters are laid; it is there already, and ours to write")
    most_pages: int = Field(default=10, ge=1, le=500, description="a letter of more pages is refused")
    most_signs: int = Field(default=45, ge=20, le=100, description="of one line of the address, so the window shows it")
