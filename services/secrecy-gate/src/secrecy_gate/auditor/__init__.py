"""The gate's auditor: a process inside each line, with that line's credentials and no database."""
