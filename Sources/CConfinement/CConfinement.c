#define _GNU_SOURCE
#include "CConfinement.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock. The kernel's headers of Debian 12 end at ABI 2, so the numbers are here (include/uapi/linux/landlock.h).

enum { SYS_create_ruleset = 444, SYS_add_rule = 445, SYS_restrict_self = 446 };
enum { RULE_PATH_BENEATH = 1, CREATE_RULESET_VERSION = 1 };
enum { READ_FILE = 1 << 2, READ_DIR = 1 << 3 };
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 };

struct ruleset {
  uint64_t files, network, scoped;
};

struct path_beneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

// Every right over files that an ABI knows: one that is not named is one that is not taken.
static uint64_t rights_over_files(long abi) {
  unsigned known = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return (UINT64_C(1) << known) - 1;
}

static void allow(int ruleset, const char *name, uint64_t rights) {
  int path = open(name, O_PATH | O_CLOEXEC);
  struct stat status;
  if (path < 0) return;
  if (fstat(path, &status) == 0) {
    struct path_beneath rule = {S_ISDIR(status.st_mode) ? rights : rights & READ_FILE, path};
    syscall(SYS_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
  }
  close(path);
}

// What root may do beside: the kernel shows its whole memory as a file.
static void drop_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  if (syscall(SYS_capget, &header, data) != 0) return;
  // Profiles and certificates of somebody else, which root may read.
  data[0].permitted &= 1U << CAP_DAC_READ_SEARCH;
  data[0].effective = data[0].permitted;
  data[1].permitted = data[1].effective = data[0].inheritable = data[1].inheritable = 0;
  syscall(SYS_capset, &header, data);
}

static int restrict_self(int ruleset) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int failed = syscall(SYS_restrict_self, ruleset, 0) != 0;
  int cause = errno;
  close(ruleset);
  errno = cause;
  return failed ? -1 : 0;
}

int confinement_allow_reading(const char *const *paths) {
  long abi = syscall(SYS_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
  if (abi < 1) {
    if (abi == 0) errno = ENOSYS;
    return -1;
  }
  struct ruleset attributes = {rights_over_files(abi), abi >= 4 ? BIND_TCP : 0,
                               abi >= 6 ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0};
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int ruleset = (int)syscall(SYS_create_ruleset, &attributes, size, 0);
  if (ruleset < 0) return -1;
  for (; *paths; paths++) allow(ruleset, *paths, READ_FILE | READ_DIR);
  // libdispatch looks at /proc/THREAD/stat of its threads, and crashes where it cannot. Of processes outside this one,
  // Landlock shows no more there than everybody may see: no memory, no variables, no files.
  allow(ruleset, "/proc", READ_FILE);
  return restrict_self(ruleset);
}

int confinement_leave_no_tcp(void) {
  struct ruleset attributes = {0, BIND_TCP | CONNECT_TCP, 0};
  int ruleset = (int)syscall(SYS_create_ruleset, &attributes, 16, 0);
  return ruleset < 0 ? -1 : restrict_self(ruleset);
}

// seccomp. A filter is a program of the classic packet filter that gets the number and the arguments of each call.

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef OWN_ARCHITECTURE

struct filter {
  struct sock_filter steps[1024];
  unsigned short count;
};

static void step(struct filter *filter, unsigned short code, uint32_t value, uint8_t yes, uint8_t no) {
  filter->steps[filter->count++] = (struct sock_filter){code, yes, no, value};
}

static void answer(struct filter *filter, uint32_t what) { step(filter, BPF_RET | BPF_K, what, 0, 0); }

static void refuse(struct filter *filter, int code) { answer(filter, SECCOMP_RET_ERRNO | (uint32_t)code); }

static void load(struct filter *filter, size_t offset) {
  step(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void load_number(struct filter *filter) { load(filter, offsetof(struct seccomp_data, nr)); }

// The lower half: all arguments that are looked at are of 32 bits, and both architectures are little-endian.
static void load_argument(struct filter *filter, int index) {
  load(filter, offsetof(struct seccomp_data, args) + 8 * (size_t)index);
}

// What follows, `count` steps that end with an answer, is for this call alone. The number stands in the accumulator before
// and after.
static void for_call(struct filter *filter, long number, uint8_t count) {
  step(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, count);
}

static void refuse_call(struct filter *filter, long number, int code) {
  for_call(filter, number, 1);
  refuse(filter, code);
}

static void refuse_calls(struct filter *filter, const long *numbers, size_t count) {
  for (size_t index = 0; index < count; index++) refuse_call(filter, numbers[index], EPERM);
}

// Refused when any bit of the mask is set in the argument.
static void refuse_bits(struct filter *filter, long number, int argument, uint32_t mask) {
  for_call(filter, number, 4);
  load_argument(filter, argument);
  step(filter, BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1);
  refuse(filter, EPERM);
  answer(filter, SECCOMP_RET_ALLOW);
}

// Refused unless the argument is one of two values.
static void allow_only(struct filter *filter, long number, int argument, uint32_t one, uint32_t other) {
  for_call(filter, number, 5);
  load_argument(filter, argument);
  step(filter, BPF_JMP | BPF_JEQ | BPF_K, one, 2, 0);
  step(filter, BPF_JMP | BPF_JEQ | BPF_K, other, 1, 0);
  refuse(filter, EPERM);
  answer(filter, SECCOMP_RET_ALLOW);
}

// Refused when the argument is this value.
static void refuse_value(struct filter *filter, long number, int argument, uint32_t value) {
  for_call(filter, number, 4);
  load_argument(filter, argument);
  step(filter, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  refuse(filter, EPERM);
  load_number(filter);
}

// Calls of another architecture have other numbers: nobody honest makes them.
static void begin(struct filter *filter) {
  filter->count = 0;
  load(filter, offsetof(struct seccomp_data, arch));
  step(filter, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load_number(filter);
#ifdef __x86_64__
  step(filter, BPF_JMP | BPF_JSET | BPF_K, 0x40000000 /* x32 */, 0, 1);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
#endif
}

static int install(struct filter *filter) {
  answer(filter, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {filter->count, filter->steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  // What runs here is our own: it needs no slower processor to be safe from itself.
  long status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                        SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
  return status == 0 ? 0 : -1;
}

// Numbers that are the same on every architecture, of calls that are younger than the headers of Debian 12.
enum {
  NR_process_mrelease = 448,
  NR_fchmodat2 = 452,
  NR_lsm_set_self_attr = 460,
  NR_setxattrat = 463,
  NR_removexattrat = 466,
  NR_open_tree_attr = 467,
  NR_file_setattr = 469,
  NR_newest = 469,
};

// Nothing that a client of HTTP over TLS calls, in its start, in its threads or at its end.
static const long useless[] = {
    // keys of the kernel
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // other processes, and the memory of all
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, NR_process_mrelease, SYS_pidfd_open,
    SYS_pidfd_getfd, SYS_pidfd_send_signal, SYS_kcmp, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    SYS_userfaultfd, SYS_perf_event_open, SYS_move_pages, SYS_migrate_pages, SYS_shmget, SYS_shmat, SYS_shmctl,
    SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl, SYS_mq_open,
    SYS_mq_unlink,
    // programs
    SYS_execve, SYS_execveat, SYS_memfd_create,
    // files to write, and their names
    SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_mknodat, SYS_mkdirat, SYS_unlinkat, SYS_renameat, SYS_renameat2,
    SYS_linkat, SYS_symlinkat, SYS_fchmod, SYS_fchmodat, NR_fchmodat2, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr,
    SYS_lsetxattr, SYS_fsetxattr, NR_setxattrat, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, NR_removexattrat,
    NR_file_setattr, SYS_open_by_handle_at, SYS_fanotify_init,
    // file systems and name spaces
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
    SYS_move_mount, SYS_open_tree, NR_open_tree_attr, SYS_mount_setattr, SYS_setns, SYS_unshare, SYS_quotactl,
    SYS_swapon, SYS_swapoff,
    // other identities
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
    SYS_setfsgid, SYS_capset, NR_lsm_set_self_attr,
    // the kernel itself
    SYS_bpf, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot,
    SYS_acct, SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname,
    SYS_setdomainname, SYS_personality, SYS_io_setup, SYS_io_submit,
    // calls that no filter sees
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // what other processes do, and how fast
    SYS_inotify_init1, SYS_inotify_add_watch, SYS_setpriority, SYS_ioprio_set, SYS_sched_setscheduler,
    SYS_sched_setparam, SYS_sched_setattr,
    // whoever only asks has nothing to offer
    SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_socketpair,
#ifdef __x86_64__
    SYS_fork, SYS_vfork, SYS_creat, SYS_mknod, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link,
    SYS_symlink, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_iopl, SYS_ioperm,
    SYS_modify_ldt, SYS_uselib,
#endif
};

int confinement_leave_network_only(void) {
  drop_capabilities();
  struct filter filter;
  begin(&filter);
  // A call that is not known here may be another way to do any of this; C libraries know what to do without it.
  step(&filter, BPF_JMP | BPF_JGT | BPF_K, NR_newest, 0, 1);
  refuse(&filter, ENOSYS);
  // Their arguments stand in memory, where a filter cannot look; the older ones do the same.
  refuse_call(&filter, SYS_clone3, ENOSYS);
  refuse_call(&filter, SYS_openat2, ENOSYS);
  refuse_calls(&filter, useless, sizeof useless / sizeof *useless);
  const uint32_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE;
  refuse_bits(&filter, SYS_openat, 2, writing & ~(uint32_t)O_DIRECTORY);
#ifdef __x86_64__
  refuse_bits(&filter, SYS_open, 1, writing & ~(uint32_t)O_DIRECTORY);
#endif
  // Threads, and nothing else that is new.
  for_call(&filter, SYS_clone, 4);
  load_argument(&filter, 0);
  step(&filter, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
  refuse(&filter, EPERM);
  answer(&filter, SECCOMP_RET_ALLOW);
  uint32_t own = (uint32_t)getpid();
  allow_only(&filter, SYS_kill, 0, own, own);
  allow_only(&filter, SYS_tgkill, 0, own, own);
  allow_only(&filter, SYS_prlimit64, 0, 0, own);
  allow_only(&filter, SYS_sched_setaffinity, 0, 0, own);
  // A descriptor that sends its owner a signal, and the owner another process.
  refuse_value(&filter, SYS_fcntl, 1, F_SETOWN);
  refuse_value(&filter, SYS_fcntl, 1, F_SETOWN_EX);
  refuse_value(&filter, SYS_fcntl, 1, F_SETSIG);
  refuse_value(&filter, SYS_prctl, 0, PR_SET_PDEATHSIG);
  refuse_value(&filter, SYS_prctl, 0, PR_SET_DUMPABLE);
  // A terminal can be made to read what it did not get: TIOCSTI and TIOCLINUX.
  for_call(&filter, SYS_ioctl, 5);
  load_argument(&filter, 1);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
  refuse(&filter, EPERM);
  answer(&filter, SECCOMP_RET_ALLOW);
  // Not AF_UNIX: the session's bus and the service manager would do for it what it must not do itself.
  for_call(&filter, SYS_socket, 9);
  load_argument(&filter, 0);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 4);
  load_argument(&filter, 1);
  step(&filter, BPF_ALU | BPF_AND | BPF_K, 0xF, 0, 0);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0);
  step(&filter, BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 1, 0);
  refuse(&filter, EPERM);
  answer(&filter, SECCOMP_RET_ALLOW);
  return install(&filter);
}

int confinement_leave_no_network(void) {
  struct filter filter;
  begin(&filter);
  const long calls[] = {SYS_execve, SYS_execveat, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register};
  refuse_calls(&filter, calls, sizeof calls / sizeof *calls);
  allow_only(&filter, SYS_socket, 0, AF_UNIX, AF_UNIX);
  return install(&filter);
}

#else

int confinement_leave_network_only(void) {
  drop_capabilities();
  errno = ENOSYS;
  return -1;
}

int confinement_leave_no_network(void) {
  errno = ENOSYS;
  return -1;
}

#endif
