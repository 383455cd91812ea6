"""A whole cluster on this machine: three JetStream servers, PostgreSQL, two of each engine, the simulator."""
