"""The only SQL. Tables, the database itself, and one repository for each thing that is kept."""
