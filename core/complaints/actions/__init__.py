"""What is done about complaints: filing, handling, joining and parting, answering, telling."""
