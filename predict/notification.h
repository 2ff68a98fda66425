// The notification bar: what the client tells its user in the top row, and when
// (docs/spec/prediction.md §9, docs/spec/cli.md §4.5).
//
//   bar.OnServerHeard(arrival of the newest server state);  bar.OnReply(send time of the newest
//   acknowledged own state); bar.ShowBriefly(...) ... before each frame:   bar.Expire(now);
//   bar.Draw(now, screen); wake at:             bar.NextDeadline(now)
//
// Sans-IO: time comes in, nothing goes out but text and cells. Never fails.
#ifndef PREDICT_NOTIFICATION_H_
#define PREDICT_NOTIFICATION_H_

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "term/screen.h"

namespace mosh::predict {

class NotificationBar {
 public:
  // All ages count from `start` until something has been heard.
  explicit NotificationBar(Instant start) : last_word_(start), last_reply_(start) {}

  // The key of the quit hint as people read it: `Ctrl-^` or `"~"`. Empty: no hint.
  void SetQuitKey(absl::string_view key) { quit_key_ = std::string(key); }

  enum class Hint { kQuit, kNone };
  // One second.
  void ShowBriefly(absl::string_view text, Instant now);
  void ShowPermanently(absl::string_view text, Hint hint);
  // About three seconds, and one second after things work again.
  void ShowNetworkError(absl::string_view text, Instant now);
  void OnNetworkWorks(Instant now);
  void Clear();
  const std::string& message() const { return message_; }
  // Where the message is one that stays until cleared.
  bool is_permanent() const { return !message_.empty() && expiry_ == Instant::Max(); }

  void OnServerHeard(Instant at) { last_word_ = at; }
  void OnReply(Instant at) { last_reply_ = at; }

  // Empties a message whose time is over.
  void Expire(Instant now);
  // What the bar says; empty: there is no bar. Never more than 127 octets, and whole characters.
  std::string Text(Instant now) const;
  // When Text() may change by itself; Max() = not.
  Instant NextDeadline(Instant now) const;
  // Overwrites the top row if there is something to say, and hides a cursor that is in it.
  void Draw(Instant now, term::Screen& screen) const;

 private:
  bool ServerLate(Instant now) const;
  bool ReplyLate(Instant now) const;
  bool SilenceCounts(Instant now) const { return ServerLate(now) || ReplyLate(now); }
  // The clock the bar speaks of: since when there has been silence.
  Instant SilentSince(Instant now) const;

  Instant last_word_;
  Instant last_reply_;
  std::string message_;
  Instant expiry_ = Instant::Max();
  bool message_is_network_error_ = false;
  bool message_has_hint_ = true;
  std::string quit_key_;
};

// "[mosh] " before the title, and before the icon name if it is the same. Nothing if the program
// never set a title.
void PrefixTitle(absl::string_view prefix, term::Screen& screen);

}  // namespace mosh::predict

#endif  // PREDICT_NOTIFICATION_H_
