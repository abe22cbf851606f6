// A SQLite VFS that knows two files, a vault and its rollback journal, and gives SQLite nothing else.
#pragma once
#include <sqlite3.h>

#include "vault_schema.h"

enum vault_vfs_what {
  VAULT_VFS_FINE = 0,
  VAULT_VFS_LINK,           // a symbolic link
  VAULT_VFS_NOT_REGULAR,    // a FIFO, a device, a directory, a socket
  VAULT_VFS_NAMES,          // it has detail names, not one
  VAULT_VFS_OWNER,          // it belongs to user detail, who is neither this one nor root, nor the vault's owner
  VAULT_VFS_MODE,           // others can write it; detail is its mode
  VAULT_VFS_SUPER_JOURNAL,  // the journal names another journal
  VAULT_VFS_WAL,            // the vault's header asks for a write-ahead log
  VAULT_VFS_OTHER_FILE,     // SQLite wanted a third file
};

typedef struct {
  enum vault_vfs_what what;
  int of_journal;  // the journal, not the vault, is meant
  unsigned detail;
} vault_vfs_refusal;

typedef struct vault_vfs vault_vfs;

// For the vault at `path`, which is absolute and has no link in it but perhaps the last part. NULL: no memory.
vault_vfs *vault_vfs_make(const char *path);
// Opens a connection to the existing file. As sqlite3_open_v2, it may hand out a connection even when it fails.
int vault_vfs_open(vault_vfs *vfs, sqlite3 **connection);
// The vault's size in bytes.
long long vault_vfs_size(const vault_vfs *vfs);
// How many steps SQLite's machine may take until this is called again; then it ends with SQLITE_INTERRUPT. A forged tree
// of pages that point at each other has no end.
void vault_vfs_allow_steps(vault_vfs *vfs, long long steps);
// Only when the connection is closed.
void vault_vfs_free(vault_vfs *vfs);
// True when an open file says that it is a vault: SQLite's application id.
int vault_vfs_is_vault(int descriptor);
// True when the file, as it was opened, said that it is a vault: SQLite's application id.
int vault_vfs_says_vault(const vault_vfs *vfs);
// What was refused since the last time this was asked.
vault_vfs_refusal vault_vfs_take_refusal(vault_vfs *vfs);
