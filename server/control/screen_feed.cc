#include "server/control/screen_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/control/reply_parts.h"
#include "server/control/reply_status.h"
#include "term/renderer.h"

namespace mosh::server {
namespace {

// Everything in a frame but its bytes, at most.
constexpr size_t kFrameOverhead = 64;

// What somebody else may see: not what the program wants to hear of its user's mouse and keyboard,
// which would set up the reader's own, and nothing for his clipboard.
term::Screen PictureOf(const term::Screen& screen) {
  term::Screen picture = screen;
  picture.mutable_modes() = {.reverse_video = screen.modes().reverse_video};
  picture.ClearClipboard();
  return picture;
}

}  // namespace

ScreenFeed::ScreenFeed(std::string session_id, std::chrono::nanoseconds interval,
                       std::function<void()> on_news)
    : session_id_(std::move(session_id)), interval_(interval), on_news_(std::move(on_news)) {}

void ScreenFeed::OnScreenChanged() {
  if (std::exchange(changed_, true)) return;
  on_news_();
}

void ScreenFeed::OnScreenGone() {
  End(absl::NotFoundError(absl::StrCat("session '", session_id_, "' has ended")));
}

void ScreenFeed::End(absl::Status why) {
  if (!end_.ok()) return;
  end_ = std::move(why);
  changed_ = false;
  on_news_();
}

bool ScreenFeed::Fill(const HostControl& host, size_t max_size, Instant now,
                      control::Reply* reply) {
  if (!ansi_.empty()) {
    TakePart(max_size, reply->mutable_frame());
    return true;
  }
  if (!end_.ok()) {
    SetStatus(end_, reply);
    over_ = true;
    return true;
  }
  control::Frame frame;
  if (!changed_ || now < next_at_ || !MakeFrame(host, now, &frame)) return false;
  TakePart(max_size, &frame);
  *reply->mutable_frame() = std::move(frame);
  return true;
}

bool ScreenFeed::MakeFrame(const HostControl& host, Instant now, control::Frame* frame) {
  changed_ = false;
  const std::optional<HostControl::ScreenNow> seen = host.LookAt(session_id_);
  // In the middle of a picture: we are told of its end.
  if (!seen) return false;
  term::Screen picture = PictureOf(*seen->screen);
  const bool restart = !sent_ || sent_->size() != picture.size();
  ansi_ = term::RenderFrame(restart ? nullptr : &*sent_, picture,
                            {.target = term::RenderTarget::kRealTerminal});
  sent_ = std::move(picture);
  if (ansi_.empty()) return false;
  next_at_ = now + interval_;
  frame->mutable_size()->set_columns(static_cast<uint32_t>(sent_->columns()));
  frame->mutable_size()->set_rows(static_cast<uint32_t>(sent_->rows()));
  frame->set_at(seen->at_micros);
  if (restart) frame->set_restart(true);
  return true;
}

void ScreenFeed::TakePart(size_t max_size, control::Frame* frame) {
  const absl::string_view rest = absl::string_view(ansi_).substr(at_);
  const size_t size = CharacterBoundary(rest, max_size - kFrameOverhead);
  frame->set_ansi(std::string(rest.substr(0, size)));
  at_ += size;
  if (at_ < ansi_.size()) {
    frame->set_continues(true);
  } else {
    ansi_ = std::string();
    at_ = 0;
  }
}

}  // namespace mosh::server
