#include "mgmt/ctl/short_id.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

bool IsSessionName(absl::string_view text) { return absl::StartsWith(text, "nodes/"); }

absl::StatusOr<std::string> FindByShortId(absl::string_view id,
                                          std::span<const fleet::Session* const> sessions) {
  std::vector<const fleet::Session*> found;
  for (const fleet::Session* session : sessions) {
    if (session->session_id() == id) return session->name();
    if (absl::StartsWith(session->session_id(), id)) found.push_back(session);
  }
  if (id.empty() || found.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no session that you may see has an id that begins with '", Harmless(id),
                     "'\n  `moshctl ls` shows what there is."));
  }
  if (found.size() == 1) return found[0]->name();
  const size_t shown = std::min<size_t>(found.size(), 5);
  std::vector<std::string> ids;
  for (size_t i = 0; i < shown; ++i) ids.push_back(Harmless(found[i]->session_id()));
  return absl::NotFoundError(absl::StrCat("'", Harmless(id), "' begins the ids of ", found.size(),
                                          " sessions: ", absl::StrJoin(ids, ", "),
                                          found.size() > shown ? ", …" : "",
                                          "\n  Give one more letter of it."));
}

}  // namespace mosh::mgmt::ctl
