"""A mailbox that invoices are sent to: attachments of mail from whom we trust, or with a code in the subject."""
