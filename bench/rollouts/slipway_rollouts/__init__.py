"""``make bench-rollouts``: many rollouts and ways back under traffic in the lab; what did clients notice?"""
