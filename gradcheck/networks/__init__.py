"""The analytic side: reference networks with hand-written backward passes and visible deltas."""
