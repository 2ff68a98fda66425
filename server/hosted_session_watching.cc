// What others do with a HostedSession while its clients use it: tell them, hold their input, watch.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/hosted_session.h"

namespace mosh::server {
namespace {

// That somebody watches, or does no longer, is told for so long.
constexpr std::chrono::seconds kTellWatched{10};

}  // namespace

void HostedSession::Notify(absl::string_view text, std::chrono::nanoseconds time) {
  top_row_.notice.Show(text, Now() + time);
  PicturesChanged();
}

void HostedSession::Hold(absl::string_view reason) {
  top_row_.held = std::string(reason);
  changed_ = true;
  PicturesChanged();
}

void HostedSession::Release() {
  if (!top_row_.held) return;
  top_row_.held = std::nullopt;
  changed_ = true;
  PicturesChanged();
}

void HostedSession::SetWatched(const void* by, std::vector<std::string> names) {
  const std::vector<std::string> before = watched_.Names();
  watched_.Set(by, std::move(names));
  const std::vector<std::string> now = watched_.Names();
  if (now == before) return;
  changed_ = true;
  WantTurn();
  const bool somebody_new = std::any_of(now.begin(), now.end(), [&](const std::string& name) {
    return std::find(before.begin(), before.end(), name) == before.end();
  });
  if (somebody_new) return ShowWatched();
  if (!now.empty()) return;
  top_row_.watched.Show("No longer watched", Now() + kTellWatched);
  PicturesChanged();
}

void HostedSession::ShowWatched() {
  const std::vector<std::string> names = watched_.Names();
  if (names.empty()) return;
  top_row_.watched.Show(absl::StrCat("Watched by ", absl::StrJoin(names, ", ")),
                        Now() + kTellWatched);
  PicturesChanged();
}

void HostedSession::TellInput(absl::string_view typed) {
  std::optional<bool> may_tell;  // asked of the kernel only if somebody wants to know
  for (ScreenWatcher* watcher : screen_watchers_) {
    if (!watcher->WantsInput()) continue;
    if (!may_tell) may_tell = session_.MayTellInput();
    watcher->OnInput(*may_tell ? std::optional(typed) : std::nullopt,
                     session_.holds_screen() ? nullptr : &session_.terminal().screen());
  }
}

void HostedSession::EndWatch() {
  for (ScreenWatcher* watcher : std::exchange(screen_watchers_, {})) watcher->OnScreenGone();
}

}  // namespace mosh::server
