"""What a connection to an archive is told."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

NOT_STORES = frozenset(
    {"http", "https", "data", "github", "git", "zip", "tar", "simplecache", "filecache", "reference"}
)
"""Places that cannot be written, or that wrap another one."""


class ArchiveSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(description="Where files go, such as file:///srv/archive or s3://bucket/books")
    account: str = Field("", description="Access key id, for stores that want one")
    secret: SecretStr = Field(SecretStr(""), description="The secret that belongs to it")
    endpoint: str = Field("", description="Address of an S3 of one's own")

    @field_validator("url")
    @classmethod
    def names_a_store(cls, url: str) -> str:
        found = urlsplit(url)
        if not found.scheme or "::" in url or found.scheme in NOT_STORES:
            raise ValueError("a place that can be written, such as file:///srv/archive or s3://bucket/books")
        if found.username or found.password:
            raise ValueError("no login in the address: `account` and `secret` are for that")
        if ".." in found.path.split("/"):
            raise ValueError("an address without ..")
        return url.rstrip("/")
