// The Linux calls that Swift cannot import because they are variadic or macros.
#pragma once
#include <linux/keyctl.h>
#include <regex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int linux_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
static inline int linux_is_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
static inline int linux_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int linux_die_with_parent(int number) { return prctl(PR_SET_PDEATHSIG, number, 0, 0, 0); }
// Only the soft limit: the program that exec starts gets its own back.
static inline unsigned long linux_core_limit(void) {
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_CORE, &limit);
  return limit.rlim_cur;
}
static inline int linux_set_core_limit(unsigned long soft) {
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = soft;
  return setrlimit(RLIMIT_CORE, &limit);
}
static inline int linux_has_unlimited_address_space(void) {
  struct rlimit limit = {0, 0};
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}
static inline void linux_default_signal(int number) { signal(number, SIG_DFL); }
static inline void linux_ignore_signal(int number) { signal(number, SIG_IGN); }
static inline long linux_close_from(unsigned int first) { return syscall(SYS_close_range, first, ~0U, 0); }

// RENAME_NOREPLACE: fails with EEXIST where something is already.
static inline int linux_rename_to_new(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, -100 /* AT_FDCWD */, from, -100, to, 1U);
}
// RENAME_EXCHANGE: both have to be there.
static inline int linux_exchange(const char *one, const char *other) {
  return (int)syscall(SYS_renameat2, -100 /* AT_FDCWD */, one, -100, other, 2U);
}

extern int execvpe(const char *file, char *const arguments[], char *const environment[]);
static inline int linux_execvpe(const char *file, char *const *arguments, char *const *environment) {
  return execvpe(file, arguments, environment);
}

// The kernel's keys. Each returns -1 with errno, like the system calls that they are.
static inline int linux_add_user_key(const char *name, const void *bytes, unsigned long count) {
  return (int)syscall(SYS_add_key, "user", name, bytes, count, KEY_SPEC_USER_KEYRING);
}
static inline int linux_find_user_key(const char *name) {
  return (int)syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
}
static inline long linux_read_key(int key, void *bytes, unsigned long count) {
  return syscall(SYS_keyctl, KEYCTL_READ, key, bytes, count);
}
static inline int linux_expire_key(int key, unsigned int seconds) {
  return (int)syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds);
}
// View, read, search and revoke for processes of the same user; write and link for nobody else.
static inline int linux_share_key_with_user(int key) {
  return (int)syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f0b0000);
}
static inline int linux_revoke_key(int key) { return (int)syscall(SYS_keyctl, KEYCTL_REVOKE, key); }
static inline int linux_unlink_user_key(int key) {
  return (int)syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

#include <fcntl.h>
// A lock of the open file, not of the process, on `count` bytes from `start` on: it stays when the process closes the file
// elsewhere, as SQLite does. Waits for other holders if it is to. Returns -1 with errno.
static inline int linux_lock_range(int file, int is_held, int waits, long long start, long long count) {
  struct flock range = {is_held ? 1 /* F_WRLCK */ : 2 /* F_UNLCK */, SEEK_SET, start, count, 0};
  return fcntl(file, waits ? 38 /* F_OFD_SETLKW */ : 37 /* F_OFD_SETLK */, &range);
}

#include <linux/stat.h>
#include <sys/xattr.h>
// What statx(2) tells of a file beside its status: 1 when it is where something is mounted, 2 when it cannot be changed,
// 4 when it can only grow; -1 with errno. `directory` and `name` are as in openat(2); a link is not followed.
static inline int linux_file_traits(int directory, const char *name) {
  struct statx status;
  if (syscall(SYS_statx, directory, name, 0x100 /* AT_SYMLINK_NOFOLLOW */, 0, &status) != 0) return -1;
  unsigned long long traits = status.stx_attributes & status.stx_attributes_mask;
  return (traits & STATX_ATTR_MOUNT_ROOT ? 1 : 0) | (traits & STATX_ATTR_IMMUTABLE ? 2 : 0) |
         (traits & STATX_ATTR_APPEND ? 4 : 0);
}
// Room for so many bytes, without a change of the file's size.
static inline int linux_reserve(int file, long long count) {
  return (int)syscall(SYS_fallocate, file, 1 /* FALLOC_FL_KEEP_SIZE */, 0LL, count);
}

#include <sys/ioctl.h>
// How wide a terminal is, in characters; 0 where it is none.
static inline int linux_terminal_columns(int file) {
  struct winsize size = {0, 0, 0, 0};
  return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
