// Lets sshd run as root where openssh-server is unpacked but not installed: its unprivileged user
// and its empty folder /run/sshd exist in this library only. MOSH_E2E_SSHD_EMPTY names the folder
// that takes the place of /run/sshd.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* Redirect(const char* path) {
  const char* instead = getenv("MOSH_E2E_SSHD_EMPTY");
  return instead != NULL && strcmp(path, "/run/sshd") == 0 ? instead : path;
}

struct passwd* getpwnam(const char* name) {
  static struct passwd unprivileged = {.pw_name = (char*)"sshd",
                                       .pw_passwd = (char*)"*",
                                       .pw_uid = 65534,
                                       .pw_gid = 65534,
                                       .pw_gecos = (char*)"",
                                       .pw_dir = (char*)"/",
                                       .pw_shell = (char*)"/usr/sbin/nologin"};
  if (strcmp(name, "sshd") == 0) return &unprivileged;
  struct passwd* (*next)(const char*) =
      (struct passwd * (*)(const char*)) dlsym(RTLD_NEXT, "getpwnam");
  return next(name);
}

int stat(const char* restrict path, struct stat* restrict info) {
  int (*next)(const char*, struct stat*) =
      (int (*)(const char*, struct stat*))dlsym(RTLD_NEXT, "stat");
  return next(Redirect(path), info);
}

int stat64(const char* restrict path, struct stat64* restrict info) {
  int (*next)(const char*, struct stat64*) =
      (int (*)(const char*, struct stat64*))dlsym(RTLD_NEXT, "stat64");
  return next(Redirect(path), info);
}

int chroot(const char* path) {
  int (*next)(const char*) = (int (*)(const char*))dlsym(RTLD_NEXT, "chroot");
  return next(Redirect(path));
}
