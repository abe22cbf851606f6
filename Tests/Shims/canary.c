// Looks through the whole memory of the program that it is loaded into, as that ends, for a value that should not be
// there any more: loaded before the C library.
//   CANARY          the value, each byte inverted, in hexadecimal, so that the question is not the answer
//   CANARY_REPORT   a file to which a line is added for each program: where it was found, or "clean"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned char inverted[128];
static size_t length;
static unsigned char chunk[1 << 16];

static int is_here(const unsigned char *bytes) {
  for (size_t index = 0; index < length; index++)
    if ((bytes[index] ^ 0xFF) != inverted[index]) return 0;
  return 1;
}

static size_t search(unsigned long start, unsigned long end) {
  size_t found = 0;
  // Chunks overlap, so that a value on their border is seen.
  for (unsigned long at = start; at < end; at += sizeof chunk - length) {
    unsigned long count = end - at < sizeof chunk ? end - at : sizeof chunk;
    unsigned long ours = (unsigned long)chunk;
    if (at < ours + sizeof chunk && at + count > ours) continue;
    struct iovec local = {chunk, count}, remote = {(void *)at, count};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    for (ssize_t index = 0; got >= (ssize_t)length && index <= got - (ssize_t)length; index++)
      if (chunk[index] == (inverted[0] ^ 0xFF) && is_here(chunk + index)) found++;
    memset(chunk, 0, sizeof chunk);
  }
  return found;
}

__attribute__((destructor)) static void look(void) {
  const char *wanted = getenv("CANARY"), *path = getenv("CANARY_REPORT");
  if (!wanted || !path) return;
  for (length = 0; length < sizeof inverted && sscanf(wanted + 2 * length, "%2hhx", &inverted[length]) == 1; length++) {
  }
  FILE *maps = fopen("/proc/self/maps", "r"), *report = fopen(path, "a");
  if (!maps || !report || length < 8) return;
  char line[512];
  size_t all = 0;
  while (fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    char permissions[5], name[256] = "";
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %255s", &start, &end, permissions, name) < 3) continue;
    if (permissions[0] != 'r' || strstr(name, "[v")) continue;
    size_t found = search(start, end);
    if (found > 0) fprintf(report, "%zu in %s\n", found, name[0] ? name : "anonymous memory");
    all += found;
  }
  if (all == 0) fprintf(report, "clean\n");
  fclose(maps);
  fclose(report);
}
