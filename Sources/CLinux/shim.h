// The Linux calls that Swift cannot import because they are variadic or macros.
#pragma once
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
static inline int linux_set_no_core(void) {
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none);
}
static inline void linux_default_signal(int number) { signal(number, SIG_DFL); }
static inline void linux_ignore_signal(int number) { signal(number, SIG_IGN); }
static inline long linux_close_from(unsigned int first) { return syscall(SYS_close_range, first, ~0U, 0); }
