#include "predict/notification.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "term/banner.h"

namespace mosh::predict {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// docs/spec/prediction.md §9.
constexpr milliseconds kServerLate{6500};
constexpr milliseconds kReplyLate{10000};
constexpr milliseconds kBriefLife{1000};
constexpr milliseconds kNetworkErrorLife{3100};
constexpr milliseconds kNetworkErrorAfterlife{1000};
constexpr seconds kSlowClockAfter{60};
constexpr seconds kSlowClockStep{3};
constexpr size_t kMaxText = 127;

std::string Age(nanoseconds age, absl::string_view unit) {
  const int64_t total = std::max<int64_t>(0, std::chrono::duration_cast<seconds>(age).count());
  if (total < 60) return absl::StrCat(total, unit);
  if (total < 3600) return absl::StrFormat("%d:%02d", total / 60, total % 60);
  return absl::StrFormat("%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
}

// At most kMaxText octets, not ending inside a character.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxText) return text;
  size_t end = kMaxText;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

void NotificationBar::ShowBriefly(absl::string_view text, Instant now) {
  message_ = std::string(text);
  expiry_ = now + kBriefLife;
  message_is_network_error_ = false;
  message_has_hint_ = true;
}

void NotificationBar::ShowPermanently(absl::string_view text, Hint hint) {
  message_ = std::string(text);
  expiry_ = Instant::Max();
  message_is_network_error_ = false;
  message_has_hint_ = hint == Hint::kQuit;
}

void NotificationBar::ShowNetworkError(absl::string_view text, Instant now) {
  message_ = std::string(text);
  expiry_ = now + kNetworkErrorLife;
  message_is_network_error_ = true;
  message_has_hint_ = true;
}

void NotificationBar::OnNetworkWorks(Instant now) {
  if (!message_is_network_error_) return;
  expiry_ = std::min(expiry_, now + kNetworkErrorAfterlife);
}

void NotificationBar::Clear() {
  message_.clear();
  expiry_ = Instant::Max();
  message_is_network_error_ = false;
}

void NotificationBar::Expire(Instant now) {
  if (now >= expiry_) Clear();
}

bool NotificationBar::ServerLate(Instant now) const { return now - last_word_ > kServerLate; }

bool NotificationBar::ReplyLate(Instant now) const { return now - last_reply_ > kReplyLate; }

Instant NotificationBar::SilentSince(Instant now) const {
  return ReplyLate(now) && !ServerLate(now) ? last_reply_ : last_word_;
}

std::string NotificationBar::Text(Instant now) const {
  const bool late = SilenceCounts(now);
  const bool reply = SilentSince(now) != last_word_ && ReplyLate(now) && !ServerLate(now);
  const nanoseconds age = now - SilentSince(now);
  const absl::string_view word = reply ? "reply" : "contact";
  std::string hint;
  if (!quit_key_.empty()) hint = absl::StrCat(" [To quit: ", quit_key_, " .]");
  if (message_.empty()) {
    if (!late) return "";
    return Shortened(absl::StrCat("mosh: Last ", word, " ", Age(age, " seconds"), " ago.", hint));
  }
  if (!message_has_hint_) hint.clear();
  if (!late) return Shortened(absl::StrCat("mosh: ", message_, hint));
  return Shortened(
      absl::StrCat("mosh: ", message_, " (", Age(age, " s"), " without ", word, ".)", hint));
}

Instant NotificationBar::NextDeadline(Instant now) const {
  const Instant expiry = message_.empty() ? Instant::Max() : expiry_;
  if (!SilenceCounts(now)) {
    const nanoseconds just_after{1};
    return std::min(
        {expiry, last_word_ + kServerLate + just_after, last_reply_ + kReplyLate + just_after});
  }
  // At the moment the age in the bar changes; more rarely once it has been long.
  const nanoseconds age = now - SilentSince(now);
  const nanoseconds step = now - last_word_ > kSlowClockAfter ? kSlowClockStep : seconds(1);
  return std::min(expiry, SilentSince(now) + (age / step + 1) * step);
}

void NotificationBar::Draw(Instant now, term::Screen& screen) const {
  const std::string text = Text(now);
  if (text.empty()) return;
  term::DrawBanner(text, screen);
}

void PrefixTitle(absl::string_view prefix, term::Screen& screen) {
  if (prefix.empty() || !screen.title_set()) return;
  const bool same = screen.icon_name() == screen.title();
  const std::string title = absl::StrCat(prefix, screen.title());
  if (same) screen.SetIconName(title);
  screen.SetTitle(title);
}

}  // namespace mosh::predict
