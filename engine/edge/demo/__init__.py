"""What `factotum demo` posts, and documents by the thousand. The companies are in rules/packs/DEMO."""
