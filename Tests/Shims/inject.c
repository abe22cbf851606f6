// Makes every thread of a running program attempt system calls that it would never make by itself, as a hole in it would:
//   inject PID ATTEMPT...
// An attempt is a name, or NAME=ARGUMENT. For each thread a line is printed: the attempt and what came of it, "done" or an
// error's name. x86-64 only.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t thread;
static struct user_regs_struct before;
// A `syscall` instruction in the program, and memory of it that nothing uses.
static unsigned long instruction, scratch;

static void put(const void *bytes, size_t count) {
  struct iovec local = {(void *)bytes, count}, remote = {(void *)scratch, count};
  if (process_vm_writev(thread, &local, 1, &remote, 1, 0) != (ssize_t)count) {
    perror("inject: write");
    exit(2);
  }
}

static long call(long number, long one, long two, long three, long four, long five) {
  struct user_regs_struct now = before;
  now.rip = instruction;
  now.rax = number;
  now.orig_rax = -1;
  now.rdi = one, now.rsi = two, now.rdx = three, now.r10 = four, now.r8 = five, now.r9 = 0;
  int status;
  if (ptrace(PTRACE_SETREGS, thread, 0, &now) || ptrace(PTRACE_SINGLESTEP, thread, 0, 0) ||
      waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, thread, 0, &now)) {
    perror("inject: call");
    exit(2);
  }
  return (long)now.rax;
}

static long path(const char *name, long number, long first, long second, long third) {
  put(name, strlen(name) + 1);
  return number == SYS_openat || number == SYS_unlinkat || number == SYS_execveat
             ? call(number, first, (long)scratch, second, third, 0)
             : call(number, (long)scratch, first, second, third, 0);
}

static long attempt(const char *name, const char *argument) {
  long number = argument ? atol(argument) : 0;
  if (!strcmp(name, "read")) return path(argument, SYS_openat, AT_FDCWD, O_RDONLY, 0);
  if (!strcmp(name, "read-old")) return path(argument, SYS_open, O_RDONLY, 0, 0);
  if (!strcmp(name, "list")) return path(argument, SYS_openat, AT_FDCWD, O_RDONLY | O_DIRECTORY, 0);
  if (!strcmp(name, "change")) return path(argument, SYS_openat, AT_FDCWD, O_RDWR, 0);
  if (!strcmp(name, "create")) return path(argument, SYS_openat, AT_FDCWD, O_WRONLY | O_CREAT, 0600);
  if (!strcmp(name, "create-old")) return path(argument, SYS_creat, 0600, 0, 0);
  if (!strcmp(name, "truncate")) return path(argument, SYS_truncate, 1 << 20, 0, 0);
  if (!strcmp(name, "remove")) return path(argument, SYS_unlinkat, AT_FDCWD, 0, 0);
  if (!strcmp(name, "chmod")) return path(argument, SYS_chmod, 0600, 0, 0);
  if (!strcmp(name, "make-directory")) return path(argument, SYS_mkdir, 0700, 0, 0);
  // Of a program that is not there: one that may start programs would be gone afterwards.
  if (!strcmp(name, "execve")) return path("/nowhere/program", SYS_execve, 0, 0, 0);
  if (!strcmp(name, "execveat")) return path("/nowhere/program", SYS_execveat, AT_FDCWD, 0, 0);
  // A process of its own with nothing of its parent's, which the kernel refuses as nonsense.
  if (!strcmp(name, "fork")) return call(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0);
  if (!strcmp(name, "keyctl")) return call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1, 0, 0);
  if (!strcmp(name, "ptrace")) {
    long done = call(SYS_ptrace, PTRACE_SEIZE, number, 0, 0, 0);
    if (done == 0) call(SYS_ptrace, PTRACE_INTERRUPT, number, 0, 0, 0);
    if (done == 0) call(SYS_wait4, number, 0, __WALL, 0, 0);
    if (done == 0) call(SYS_ptrace, PTRACE_DETACH, number, 0, 0, 0);
    return done;
  }
  if (!strcmp(name, "memory") || !strcmp(name, "memory-write")) {
    // Eight bytes at an address that is not there: whoever may look learns that.
    struct iovec vectors[2] = {{(void *)(scratch + 64), 8}, {(void *)4096, 8}};
    put(vectors, sizeof vectors);
    long vector = (long)scratch, other = vector + (long)sizeof *vectors;
    return call(strcmp(name, "memory") ? SYS_process_vm_writev : SYS_process_vm_readv, number, vector, 1, other, 1);
  }
  if (!strcmp(name, "io_uring")) {
    struct io_uring_params parameters = {0};
    put(&parameters, sizeof parameters);
    return call(SYS_io_uring_setup, 1, (long)scratch, 0, 0, 0);
  }
  if (!strcmp(name, "bind") || !strcmp(name, "connect")) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (!strcmp(name, "connect")) place.sin_port = htons(9);
    long socket = call(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0);
    put(&place, sizeof place);
    return socket < 0 ? socket
                      : call(strcmp(name, "bind") ? SYS_connect : SYS_bind, socket, (long)scratch, sizeof place, 0, 0);
  }
  if (!strcmp(name, "tcp")) return call(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0);
  if (!strcmp(name, "udp6")) return call(SYS_socket, AF_INET6, SOCK_DGRAM, 0, 0, 0);
  if (!strcmp(name, "raw")) return call(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP, 0, 0);
  if (!strcmp(name, "unix")) return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0, 0);
  if (!strcmp(name, "netlink")) return call(SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0, 0);
  if (!strcmp(name, "pair")) return call(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, (long)scratch, 0);
  if (!strcmp(name, "kill")) return call(SYS_kill, number, 0, 0, 0, 0);
  if (!strcmp(name, "pidfd_open")) return call(SYS_pidfd_open, number, 0, 0, 0, 0);
  if (!strcmp(name, "unshare")) return call(SYS_unshare, CLONE_FS, 0, 0, 0, 0);
  if (!strcmp(name, "memfd_create")) return path("x", SYS_memfd_create, 0, 0, 0);
  if (!strcmp(name, "prlimit")) return call(SYS_prlimit64, number, 0, 0, 0, 0);
  // On a pipe of our own: the socket of a call is not ours to change.
  if (!strcmp(name, "owner")) return call(SYS_fcntl, 0, 8 /* F_SETOWN */, number, 0, 0);
  if (!strcmp(name, "signal-of-a-file")) return call(SYS_fcntl, 0, 10 /* F_SETSIG */, 9, 0, 0);
  if (!strcmp(name, "inotify")) return call(SYS_inotify_init1, 0, 0, 0, 0, 0);
  if (!strcmp(name, "priority")) return call(SYS_setpriority, 0 /* PRIO_PROCESS */, number, 5, 0, 0);
  if (!strcmp(name, "affinity")) {
    unsigned long all = ~0UL;
    put(&all, sizeof all);
    return call(SYS_sched_setaffinity, number, sizeof all, (long)scratch, 0, 0);
  }
  if (!strcmp(name, "dumpable")) return call(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0);
  if (!strcmp(name, "outlive")) return call(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, 0, 0, 0, 0);
  if (!strcmp(name, "clone3")) return call(SYS_clone3, 0, 0, 0, 0, 0);
  if (!strcmp(name, "openat2")) return path("/", SYS_openat2, AT_FDCWD, 0, 0);
  if (!strcmp(name, "call-from-tomorrow")) return call(4000, 0, 0, 0, 0, 0);
  fprintf(stderr, "inject: what is %s?\n", name);
  exit(2);
}

static void stop(void) {
  int status;
  if (ptrace(PTRACE_SEIZE, thread, 0, 0) || ptrace(PTRACE_INTERRUPT, thread, 0, 0) ||
      waitpid(thread, &status, __WALL) != thread || ptrace(PTRACE_GETREGS, thread, 0, &before)) {
    perror("inject: attach");
    exit(2);
  }
  // Whoever waits, waits in a call: its instruction is the one before.
  unsigned short bytes = 0;
  struct iovec local = {&bytes, 2}, remote = {(void *)(before.rip - 2), 2};
  if (process_vm_readv(thread, &local, 1, &remote, 1, 0) == 2 && bytes == 0x050F) instruction = before.rip - 2;
  scratch = (before.rsp - 1024) & ~15UL;
}

int main(int count, char **words) {
  char name[64];
  pid_t threads[64];
  int found = 0;
  snprintf(name, sizeof name, "/proc/%s/task", words[1]);
  DIR *tasks = opendir(name);
  for (struct dirent *entry; tasks && (entry = readdir(tasks)) && found < 64;)
    if (entry->d_name[0] != '.') threads[found++] = atoi(entry->d_name);
  for (int index = 0; index < found; index++) {
    thread = threads[index];
    stop();
    if (!instruction) {
      fprintf(stderr, "inject: %d is not waiting\n", thread);
      return 2;
    }
    for (int word = 2; word < count; word++) {
      char *text = strdup(words[word]), *argument = strchr(text, '=');
      if (argument) *argument++ = 0;
      long result = attempt(text, argument);
      printf("%s %s\n", text, result >= 0 ? "done" : strerrorname_np((int)-result));
    }
    ptrace(PTRACE_SETREGS, thread, 0, &before);
    ptrace(PTRACE_DETACH, thread, 0, 0);
  }
  return found > 0 ? 0 : 2;
}
