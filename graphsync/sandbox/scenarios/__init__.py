"""What people write for the sandbox: scenario files, switches and faults by name, calendar files."""
