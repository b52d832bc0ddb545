"""An archive in any place that fsspec reaches: a folder, S3, WebDAV, a network drive."""
