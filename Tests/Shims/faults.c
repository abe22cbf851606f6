// Makes one kind of call fail, at the n-th time or from then on: loaded into a program before the C library.
//   FAULT_CALL   open | write | fsync | rename        FAULT_AT     from 1; 0 never
//   FAULT_ERRNO  a number                             FAULT_STAYS  set: it fails from then on
//   FAULT_SINCE  a file: none fails, nor is counted, before it exists
//   FAULT_UNDER  only files below this directory      FAULT_COUNT  a file that gets the number of calls at the end
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int calls;

static int is_under(const char *path) {
  const char *under = getenv("FAULT_UNDER");
  return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int is_file_under(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count < 0) return 0;
  path[count] = 0;
  return is_under(path);
}

static int fails(const char *call) {
  const char *wanted = getenv("FAULT_CALL"), *at = getenv("FAULT_AT");
  if (!wanted || !at || strcmp(wanted, call) != 0) return 0;
  const char *since = getenv("FAULT_SINCE");
  if (since && access(since, F_OK) != 0) return 0;
  int now = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST), first = atoi(at);
  if (first == 0 || now < first || (now > first && !getenv("FAULT_STAYS"))) return 0;
  errno = atoi(getenv("FAULT_ERRNO"));
  return 1;
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%d\n", calls);
  fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }
static mode_t mode_of(int flags, va_list list) { return flags & O_CREAT ? va_arg(list, mode_t) : 0; }
#define MODE                                                                                                          \
  va_list list;                                                                                                       \
  va_start(list, flags);                                                                                              \
  mode_t mode = mode_of(flags, list);                                                                                 \
  va_end(list)

int open(const char *path, int flags, ...) {
  MODE;
  if (writes(flags) && is_under(path) && fails("open")) return -1;
  return REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE;
  if (writes(flags) && is_under(path) && fails("open")) return -1;
  return REAL(open64)(path, flags, mode);
}
int openat(int directory, const char *path, int flags, ...) {
  MODE;
  if (writes(flags) && is_file_under(directory) && fails("open")) return -1;
  return REAL(openat)(directory, path, flags, mode);
}
ssize_t write(int descriptor, const void *bytes, size_t count) {
  if (is_file_under(descriptor) && fails("write")) return -1;
  return REAL(write)(descriptor, bytes, count);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  if (is_file_under(descriptor) && fails("write")) return -1;
  return REAL(pwrite)(descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  if (is_file_under(descriptor) && fails("write")) return -1;
  return REAL(pwrite64)(descriptor, bytes, count, offset);
}
int fsync(int descriptor) { return is_file_under(descriptor) && fails("fsync") ? -1 : REAL(fsync)(descriptor); }
int fdatasync(int descriptor) {
  return is_file_under(descriptor) && fails("fsync") ? -1 : REAL(fdatasync)(descriptor);
}
int rename(const char *from, const char *to) { return is_under(to) && fails("rename") ? -1 : REAL(rename)(from, to); }
int renameat(int from, const char *name, int to, const char *other) {
  return is_file_under(to) && fails("rename") ? -1 : REAL(renameat)(from, name, to, other);
}
int link(const char *from, const char *to) { return is_under(to) && fails("rename") ? -1 : REAL(link)(from, to); }
int unlink(const char *path) { return is_under(path) && fails("rename") ? -1 : REAL(unlink)(path); }
