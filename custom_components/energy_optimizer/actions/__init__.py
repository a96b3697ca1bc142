"""What anyone can ask of the home: one implementation, many doors."""
