#define _GNU_SOURCE
#include "CLibsecret.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The parts of GLib's and libsecret's stable interface that are used, so that no headers are needed to build.
typedef struct GList {
  void *data;
  struct GList *next, *previous;
} GList;
typedef struct {
  const char *name;
  int flags;
  struct {
    const char *name;
    int type;
  } attributes[32];
  int reserved;
  void *more[7];
} SecretSchema;
enum { SEARCH_LOAD_SECRETS = 1 << 3, SERVICE_OPEN_SESSION = 1 << 1 };

static const SecretSchema schema = {"io.github.rekeep.Slot", 0, {{"vault", 0}, {"slot", 0}}, 0, {NULL}};

static struct {
  void *(*hash_table_new)(void *, void *);
  int (*hash_table_insert)(void *, void *, void *);
  void (*hash_table_unref)(void *);
  void (*list_free_full)(GList *, void (*)(void *));
  void *(*cancellable_new)(void);
  void (*cancellable_cancel)(void *);
  void (*object_unref)(void *);
  void (*error_free)(void *);
  void *str_hash, *str_equal;
  void *(*service_get)(int, void *, void **);
  GList *(*service_search)(void *, const SecretSchema *, void *, int, void *, void **);
  int (*service_store)(void *, const SecretSchema *, void *, const char *, const char *, void *, void *, void **);
  int (*service_clear)(void *, const SecretSchema *, void *, void *, void **);
  int (*item_get_locked)(void *);
  void *(*item_get_secret)(void *);
  const char *(*value_get)(void *, size_t *);
  void *(*value_new)(const char *, ssize_t, const char *);
  void (*value_unref)(void *);
} lib;
static int loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *handle = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  const struct {
    const char *name;
    void *place;
  } symbols[] = {
      {"g_hash_table_new", &lib.hash_table_new},
      {"g_hash_table_insert", &lib.hash_table_insert},
      {"g_hash_table_unref", &lib.hash_table_unref},
      {"g_list_free_full", &lib.list_free_full},
      {"g_cancellable_new", &lib.cancellable_new},
      {"g_cancellable_cancel", &lib.cancellable_cancel},
      {"g_object_unref", &lib.object_unref},
      {"g_error_free", &lib.error_free},
      {"g_str_hash", &lib.str_hash},
      {"g_str_equal", &lib.str_equal},
      {"secret_service_get_sync", &lib.service_get},
      {"secret_service_search_sync", &lib.service_search},
      {"secret_service_store_sync", &lib.service_store},
      {"secret_service_clear_sync", &lib.service_clear},
      {"secret_item_get_locked", &lib.item_get_locked},
      {"secret_item_get_secret", &lib.item_get_secret},
      {"secret_value_get", &lib.value_get},
      {"secret_value_new", &lib.value_new},
      {"secret_value_unref", &lib.value_unref},
  };
  for (size_t index = 0; index < sizeof symbols / sizeof *symbols; index++) {
    void *symbol = dlsym(handle, symbols[index].name);
    if (!symbol) return;
    memcpy(symbols[index].place, &symbol, sizeof symbol);
  }
  loaded = 1;
}

// One call on a thread of its own. Whoever of the two leaves last clears up, so that a call that never returns can be
// left behind.
struct request {
  enum { FIND, STORE, REMOVE } kind;
  char *vault, *slot, *label;
  // What is to be stored, or what was found: libsecret keeps it in locked memory and wipes it.
  void *value;
  void *cancellable;
  enum keyring_result result;
  int users;
  int done;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
};

static void leave(struct request *request) {
  pthread_mutex_lock(&request->mutex);
  int users = --request->users;
  pthread_mutex_unlock(&request->mutex);
  if (users > 0) return;
  if (request->value) lib.value_unref(request->value);
  if (request->cancellable) lib.object_unref(request->cancellable);
  pthread_cond_destroy(&request->condition);
  pthread_mutex_destroy(&request->mutex);
  free(request->vault);
  free(request->slot);
  free(request->label);
  free(request);
}

static enum keyring_result found(struct request *request, GList *items) {
  enum keyring_result result = KEYRING_NOT_FOUND;
  for (GList *item = items; item; item = item->next) {
    if (lib.item_get_locked(item->data)) {
      if (result == KEYRING_NOT_FOUND) result = KEYRING_LOCKED;
      continue;
    }
    request->value = lib.item_get_secret(item->data);
    if (request->value) {
      result = KEYRING_DONE;
      break;
    }
  }
  lib.list_free_full(items, lib.object_unref);
  return result;
}

static enum keyring_result perform(struct request *request) {
  void *error = NULL;
  void *service = lib.service_get(SERVICE_OPEN_SESSION, request->cancellable, &error);
  if (!service) {
    if (error) lib.error_free(error);
    return KEYRING_FAILED;
  }
  void *attributes = lib.hash_table_new(lib.str_hash, lib.str_equal);
  lib.hash_table_insert(attributes, "vault", request->vault);
  lib.hash_table_insert(attributes, "slot", request->slot);
  enum keyring_result result = KEYRING_DONE;
  switch (request->kind) {
  case FIND: {
    GList *items =
        lib.service_search(service, &schema, attributes, SEARCH_LOAD_SECRETS, request->cancellable, &error);
    result = error ? KEYRING_FAILED : found(request, items);
    break;
  }
  case STORE:
    if (!lib.service_store(service, &schema, attributes, NULL, request->label, request->value, request->cancellable,
                           &error))
      result = KEYRING_FAILED;
    break;
  case REMOVE:
    if (!lib.service_clear(service, &schema, attributes, request->cancellable, &error))
      result = error ? KEYRING_FAILED : KEYRING_NOT_FOUND;
    break;
  }
  if (error) lib.error_free(error);
  lib.hash_table_unref(attributes);
  lib.object_unref(service);
  return result;
}

static void *work(void *argument) {
  struct request *request = argument;
  enum keyring_result result = perform(request);
  pthread_mutex_lock(&request->mutex);
  request->result = result;
  request->done = 1;
  pthread_cond_signal(&request->condition);
  pthread_mutex_unlock(&request->mutex);
  leave(request);
  return NULL;
}

static struct request *prepare(int kind, const char *vault, const char *slot) {
  pthread_once(&once, load);
  if (!loaded) return NULL;
  struct request *request = calloc(1, sizeof *request);
  if (!request) return NULL;
  request->kind = kind;
  request->vault = strdup(vault);
  request->slot = strdup(slot);
  request->users = 1;
  request->cancellable = lib.cancellable_new();
  pthread_mutex_init(&request->mutex, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&request->condition, &monotonic);
  pthread_condattr_destroy(&monotonic);
  return request;
}

static enum keyring_result run(struct request *request, unsigned milliseconds) {
  pthread_t thread;
  request->users = 2;
  if (pthread_create(&thread, NULL, work, request) != 0) {
    request->users = 1;
    return KEYRING_FAILED;
  }
  pthread_detach(thread);
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += milliseconds / 1000;
  end.tv_nsec += (long)(milliseconds % 1000) * 1000000;
  if (end.tv_nsec >= 1000000000) {
    end.tv_sec += 1;
    end.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&request->mutex);
  while (!request->done && pthread_cond_timedwait(&request->condition, &request->mutex, &end) != ETIMEDOUT) {
  }
  enum keyring_result result = request->done ? request->result : KEYRING_TIMED_OUT;
  pthread_mutex_unlock(&request->mutex);
  if (result == KEYRING_TIMED_OUT) lib.cancellable_cancel(request->cancellable);
  return result;
}

enum keyring_result keyring_find(const char *vault, const char *slot, unsigned milliseconds, char *text,
                                 size_t *count) {
  struct request *request = prepare(FIND, vault, slot);
  if (!request) return KEYRING_NO_LIBRARY;
  enum keyring_result result = run(request, milliseconds);
  if (result == KEYRING_DONE) {
    size_t length = 0;
    const char *value = lib.value_get(request->value, &length);
    if (length > *count) {
      result = KEYRING_NOT_FOUND;
    } else {
      memcpy(text, value, length);
      *count = length;
    }
  }
  leave(request);
  return result;
}

enum keyring_result keyring_store(const char *vault, const char *slot, const char *label, const char *text,
                                  size_t count, unsigned milliseconds) {
  struct request *request = prepare(STORE, vault, slot);
  if (!request) return KEYRING_NO_LIBRARY;
  request->label = strdup(label);
  request->value = lib.value_new(text, (ssize_t)count, "text/plain");
  enum keyring_result result = run(request, milliseconds);
  leave(request);
  return result;
}

enum keyring_result keyring_remove(const char *vault, const char *slot, unsigned milliseconds) {
  struct request *request = prepare(REMOVE, vault, slot);
  if (!request) return KEYRING_NO_LIBRARY;
  enum keyring_result result = run(request, milliseconds);
  leave(request);
  return result;
}
