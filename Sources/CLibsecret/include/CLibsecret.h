// libsecret, loaded when the keyring is first used and never at start-up. Its sync calls may wait for a person at a
// prompt that nobody sees, so each call here has a time-out.
#pragma once
#include <stddef.h>

enum keyring_result {
  KEYRING_DONE = 0,
  KEYRING_NOT_FOUND,
  KEYRING_LOCKED,
  KEYRING_TIMED_OUT,
  KEYRING_FAILED,
  KEYRING_NO_LIBRARY,
};

// The text kept for the attributes `vault` and `slot`, copied to `text`; `count` is its capacity, then its length.
// Never asks for a locked keyring to be opened.
enum keyring_result keyring_find(const char *vault, const char *slot, unsigned milliseconds, char *text, size_t *count);

// Keeps a text; an earlier one with the same attributes is replaced.
enum keyring_result keyring_store(const char *vault, const char *slot, const char *label, const char *text,
                                  size_t count, unsigned milliseconds);

enum keyring_result keyring_remove(const char *vault, const char *slot, unsigned milliseconds);
