"""The plugins we ship. Each imports `engine.spi` only; third parties install theirs elsewhere. See README.md."""
