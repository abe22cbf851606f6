// Landlock (landlock(7)) and seccomp (seccomp(2)) by their system calls: glibc has no functions for them.
#pragma once

// Lets this thread, and what it starts, read the files and directories named, and what everybody may see of processes, and
// nothing else; write nowhere, offer no TCP port, and reach no abstract socket and no process outside; as far as the kernel's Landlock goes. Paths that are
// not there are left out. Links are followed now: what they lead to is what may be read.
// - paths: ends with NULL.
// Returns 0, or -1 with errno where the kernel has no Landlock.
int confinement_allow_reading(const char *const *paths);

// Takes from every thread of this process, for ever, the system calls that a client of HTTP has no use for, and from root
// what is more than reading files. Call this while there is one thread.
// Returns 0, or -1 with errno where the kernel has no seccomp.
int confinement_leave_network_only(void);

// Takes TCP from this thread and what it starts, for ever. Costs a tenth of what the next one does.
// Returns 0, or -1 with errno where the kernel's Landlock is older than ABI 4, or is not there.
int confinement_leave_no_tcp(void);

// Takes from every thread of this process, for ever, other sockets than those of this machine, and starting programs.
// Returns 0, or -1 with errno where the kernel has no seccomp.
int confinement_leave_no_network(void);
