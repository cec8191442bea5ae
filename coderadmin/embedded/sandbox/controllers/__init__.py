"""What happens by itself on a cluster: the work of the controller manager, the scheduler and one kubelet."""
