#define _GNU_SOURCE
#include "vault_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct vault_vfs {
  sqlite3_vfs vfs;
  sqlite3_vfs *base;
  char *vault;
  char *journal;
  char name[32];
  int says_vault;
  long long steps;
  vault_vfs_refusal refusal;
};

// The file that this thread is opening, for `guarded_open`, which SQLite's own VFS calls in place of open(2).
static _Thread_local vault_vfs *opening;
static _Thread_local int opening_journal;

static int refuse(vault_vfs *vfs, enum vault_vfs_what what, int of_journal, unsigned detail) {
  if (vfs->refusal.what == VAULT_VFS_FINE) vfs->refusal = (vault_vfs_refusal){what, of_journal, detail};
  return 0;
}

// True when the file is one that only its owner, who is we or root, can have put there.
static int is_ours(vault_vfs *vfs, const struct stat *file, int of_journal) {
  if (S_ISLNK(file->st_mode)) return refuse(vfs, VAULT_VFS_LINK, of_journal, 0);
  if (!S_ISREG(file->st_mode)) return refuse(vfs, VAULT_VFS_NOT_REGULAR, of_journal, 0);
  if (file->st_uid != geteuid() && file->st_uid != 0)
    return refuse(vfs, VAULT_VFS_OWNER, of_journal, file->st_uid);
  struct stat vault;
  if (of_journal && stat(vfs->vault, &vault) == 0 && vault.st_uid != file->st_uid)
    return refuse(vfs, VAULT_VFS_OWNER, of_journal, file->st_uid);
  if (file->st_mode & 022) return refuse(vfs, VAULT_VFS_MODE, of_journal, file->st_mode & 07777);
  // None: it was removed since it was opened, which SQLite finds out by itself.
  if (file->st_nlink > 1) return refuse(vfs, VAULT_VFS_NAMES, of_journal, (unsigned)file->st_nlink);
  return 1;
}

// A journal that names a super-journal ends with this (sqlite.org/fileformat2.html, section 3). SQLite deletes the file
// that is named; no journal of a vault ever names one.
static int names_super_journal(int descriptor, off_t size) {
  static const unsigned char magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
  unsigned char end[8];
  return size >= 16 && pread(descriptor, end, 8, size - 8) == 8 && memcmp(end, magic, 8) == 0;
}

enum { HEADER = 100 };

static int read_header(int descriptor, unsigned char header[HEADER]) {
  return pread(descriptor, header, HEADER, 0) == HEADER && memcmp(header, "SQLite format 3", 16) == 0;
}

// At 68 stands what kind of file it is.
int vault_vfs_is_vault(int descriptor) {
  unsigned char header[HEADER];
  return read_header(descriptor, header) && memcmp(header + 68, "rkep", 4) == 0;
}

// Bytes 18 and 19 of a database's header are 1 for a rollback journal, 2 for a write-ahead log.
static int asks_for_wal(int descriptor) {
  unsigned char header[HEADER];
  return read_header(descriptor, header) && (header[18] != 1 || header[19] != 1);
}

static int believes(vault_vfs *vfs, int descriptor, int of_journal) {
  struct stat file;
  if (fstat(descriptor, &file) != 0) return 0;
  if (!is_ours(vfs, &file, of_journal)) return 0;
  if (of_journal && names_super_journal(descriptor, file.st_size))
    return refuse(vfs, VAULT_VFS_SUPER_JOURNAL, 1, 0);
  if (of_journal) return 1;
  vfs->says_vault = vault_vfs_is_vault(descriptor);
  return asks_for_wal(descriptor) ? refuse(vfs, VAULT_VFS_WAL, 0, 0) : 1;
}

static int guarded_open(const char *path, int flags, int mode) {
  // SQLite fills the places of standard input and output with it when they are closed.
  if (strcmp(path, "/dev/null") == 0) return open(path, flags, mode);
  // Outside of `open_file` only a directory is opened, to be synced.
  if (!opening) return open(path, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, mode);
  // A FIFO must not make us wait.
  int descriptor = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
  if (descriptor < 0) {
    int cause = errno;
    if (cause == ELOOP) refuse(opening, VAULT_VFS_LINK, opening_journal, 0);
    if (cause == EISDIR || cause == ENXIO) refuse(opening, VAULT_VFS_NOT_REGULAR, opening_journal, 0);
    errno = cause;
    return -1;
  }
  if (!believes(opening, descriptor, opening_journal)) {
    close(descriptor);
    errno = EPERM;
    return -1;
  }
  return descriptor;
}

static vault_vfs *of(sqlite3_vfs *vfs) { return vfs->pAppData; }
static int is(const char *path, const char *known) { return path && strcmp(path, known) == 0; }

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
  vault_vfs *own = of(vfs);
  int of_journal = (flags & SQLITE_OPEN_MAIN_JOURNAL) && is(path, own->journal);
  file->pMethods = NULL;
  if (!of_journal && !((flags & SQLITE_OPEN_MAIN_DB) && is(path, own->vault))) {
    refuse(own, flags & SQLITE_OPEN_SUPER_JOURNAL ? VAULT_VFS_SUPER_JOURNAL : VAULT_VFS_OTHER_FILE, 1, 0);
    return SQLITE_CANTOPEN;
  }
  opening = own;
  opening_journal = of_journal;
  int status = own->base->xOpen(own->base, path, file, of_journal ? flags : flags & ~SQLITE_OPEN_CREATE, out);
  opening = NULL;
  return status;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync_directory) {
  vault_vfs *own = of(vfs);
  if (is(path, own->journal)) return own->base->xDelete(own->base, path, sync_directory);
  refuse(own, VAULT_VFS_OTHER_FILE, 1, 0);
  return SQLITE_IOERR_DELETE;
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  vault_vfs *own = of(vfs);
  size_t vault = strlen(own->vault);
  struct stat file;
  *result = 0;
  // What stands in a write-ahead log's place is never looked at.
  if (strncmp(path, own->vault, vault) == 0 && is(path + vault, "-wal")) return SQLITE_OK;
  if (is(path, own->vault)) return own->base->xAccess(own->base, path, flags, result);
  if (!is(path, own->journal)) {
    // Nothing else asks for a third file: it is the super-journal that a journal names.
    refuse(own, VAULT_VFS_SUPER_JOURNAL, 1, 0);
    return SQLITE_IOERR_ACCESS;
  }
  if (lstat(path, &file) != 0) return errno == ENOENT ? SQLITE_OK : SQLITE_IOERR_ACCESS;
  if (!is_ours(own, &file, 1)) return SQLITE_IOERR_ACCESS;
  *result = flags == SQLITE_ACCESS_EXISTS ? file.st_size > 0 : access(path, R_OK | W_OK) == 0;
  return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *path, int count, char *out) {
  if (!is(path, of(vfs)->vault) || (int)strlen(path) >= count) return SQLITE_CANTOPEN;
  strcpy(out, path);
  return SQLITE_OK;
}

static sqlite3_vfs *unix_vfs;

static void guard_unix_vfs(void) {
  if (sqlite3_initialize() != SQLITE_OK) return;
  sqlite3_vfs *found = sqlite3_vfs_find("unix");
  if (found && found->iVersion >= 3 &&
      found->xSetSystemCall(found, "open", (sqlite3_syscall_ptr)guarded_open) == SQLITE_OK)
    unix_vfs = found;
}

vault_vfs *vault_vfs_make(const char *path) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, guard_unix_vfs);
  vault_vfs *own = unix_vfs ? calloc(1, sizeof *own) : NULL;
  if (!own) return NULL;
  own->base = unix_vfs;
  own->vault = strdup(path);
  if (asprintf(&own->journal, "%s-journal", path) < 0) own->journal = NULL;
  if (!own->vault || !own->journal) {
    vault_vfs_free(own);
    return NULL;
  }
  snprintf(own->name, sizeof own->name, "vault-%p", (void *)own);
  own->vfs = *unix_vfs;
  own->vfs.pNext = NULL;
  own->vfs.zName = own->name;
  own->vfs.pAppData = own;
  own->vfs.xOpen = open_file;
  own->vfs.xDelete = delete_file;
  own->vfs.xAccess = access_file;
  own->vfs.xFullPathname = full_path;
  own->vfs.xDlOpen = NULL;
  own->vfs.xDlError = NULL;
  own->vfs.xDlSym = NULL;
  own->vfs.xDlClose = NULL;
  return own;
}

static const int steps_at_once = 1000;

static int spend_steps(void *context) {
  vault_vfs *own = context;
  own->steps -= steps_at_once;
  return own->steps < 0;
}

int vault_vfs_open(vault_vfs *own, sqlite3 **connection) {
  int status = sqlite3_vfs_register(&own->vfs, 0);
  if (status != SQLITE_OK) return status;
  status = sqlite3_open_v2(own->vault, connection, SQLITE_OPEN_READWRITE, own->name);
  sqlite3_vfs_unregister(&own->vfs);
  if (status == SQLITE_OK) sqlite3_progress_handler(*connection, steps_at_once, spend_steps, own);
  return status;
}

long long vault_vfs_size(const vault_vfs *own) {
  struct stat file;
  if (stat(own->vault, &file) != 0) return 0;
  // What is not on the disk costs nobody anything to claim.
  long long allocated = (long long)file.st_blocks * 512;
  return file.st_size < allocated || allocated == 0 ? file.st_size : allocated;
}

void vault_vfs_allow_steps(vault_vfs *own, long long steps) { own->steps = steps; }

void vault_vfs_free(vault_vfs *own) {
  free(own->vault);
  free(own->journal);
  free(own);
}

int vault_vfs_says_vault(const vault_vfs *own) { return own->says_vault; }

vault_vfs_refusal vault_vfs_take_refusal(vault_vfs *own) {
  vault_vfs_refusal refusal = own->refusal;
  own->refusal = (vault_vfs_refusal){VAULT_VFS_FINE, 0, 0};
  return refusal;
}
