//! Messages and where they go (`deployment-and-messages 5`).
