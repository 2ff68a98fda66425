#include "server/gate/pam_session.h"

#include <security/pam_appl.h>

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosh::server::gate {
namespace {

// Modules may talk; there is nobody to talk to.
int Refuse(int, const pam_message**, pam_response**, void*) { return PAM_CONV_ERR; }
const pam_conv kNobody = {.conv = Refuse, .appdata_ptr = nullptr};

}  // namespace

struct PamSession::Handle {
  ~Handle() {
    if (open) last = pam_close_session(pam, PAM_SILENT);
    if (credentials) last = pam_setcred(pam, PAM_DELETE_CRED | PAM_SILENT);
    if (pam != nullptr) pam_end(pam, last);
  }
  absl::Status Error(absl::string_view step) const {
    return absl::PermissionDeniedError(absl::StrCat(step, ": ", pam_strerror(pam, last)));
  }

  pam_handle_t* pam = nullptr;
  int last = PAM_SUCCESS;
  bool credentials = false;
  bool open = false;
};

PamSession::PamSession(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
PamSession::~PamSession() = default;

absl::StatusOr<std::unique_ptr<PamSession>> PamSession::Open(const std::string& service,
                                                             const std::string& user) {
  auto handle = std::make_unique<Handle>();
  Handle& h = *handle;
  h.last = pam_start(service.c_str(), user.c_str(), &kNobody, &h.pam);
  if (h.last != PAM_SUCCESS) return h.Error("pam_start");
  // Modules want something here; this is no terminal.
  pam_set_item(h.pam, PAM_TTY, "mosh");
  h.last = pam_acct_mgmt(h.pam, PAM_SILENT);
  if (h.last != PAM_SUCCESS) return h.Error("pam_acct_mgmt");
  h.last = pam_setcred(h.pam, PAM_ESTABLISH_CRED | PAM_SILENT);
  if (h.last != PAM_SUCCESS) return h.Error("pam_setcred");
  h.credentials = true;
  h.last = pam_open_session(h.pam, PAM_SILENT);
  if (h.last != PAM_SUCCESS) return h.Error("pam_open_session");
  h.open = true;
  return std::unique_ptr<PamSession>(new PamSession(std::move(handle)));
}

std::vector<std::string> PamSession::Environment() const {
  std::vector<std::string> assignments;
  char** list = pam_getenvlist(handle_->pam);
  if (list == nullptr) return assignments;
  for (char** entry = list; *entry != nullptr; ++entry) {
    assignments.push_back(*entry);
    free(*entry);
  }
  free(list);
  return assignments;
}

}  // namespace mosh::server::gate
