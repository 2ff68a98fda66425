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

ScreenFeed::ScreenFeed(std::string session_id, std::chrono::nanoseconds interval, Wants wants,
                       std::function<void()> on_news)
    : session_id_(std::move(session_id)),
      interval_(interval),
      wants_(wants),
      on_news_(std::move(on_news)) {}

void ScreenFeed::OnScreenChanged() {
  if (std::exchange(changed_, true)) return;
  on_news_();
}

void ScreenFeed::OnInput(std::optional<absl::string_view> typed, const term::Screen* before) {
  if (!WantsInput()) return;
  if (input_.empty() && changed_ && before != nullptr) before_input_ = PictureOf(*before);
  typed ? input_.Add(*typed) : input_.AddHidden();
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
  control::Frame frame;
  if (before_input_) {
    const std::optional<term::Screen> before = std::exchange(before_input_, std::nullopt);
    if (MakeFrame(*before, now, &frame)) {
      TakePart(max_size, &frame);
      *reply->mutable_frame() = std::move(frame);
      return true;
    }
  }
  // The first frame is always one of the screen.
  if (!input_.empty() && sent_) {
    input_.Take(max_size - kFrameOverhead, reply->mutable_frame());
    return true;
  }
  if (!end_.ok()) {
    SetStatus(end_, reply);
    over_ = true;
    return true;
  }
  if (!changed_ || now < next_at_ || !MakeNewestFrame(host, now, &frame)) return false;
  TakePart(max_size, &frame);
  *reply->mutable_frame() = std::move(frame);
  return true;
}

bool ScreenFeed::MakeNewestFrame(const HostControl& host, Instant now, control::Frame* frame) {
  changed_ = false;
  const std::optional<HostControl::ScreenNow> seen = host.LookAt(session_id_);
  // In the middle of a picture: we are told of its end.
  if (!seen || !MakeFrame(PictureOf(*seen->screen), now, frame)) return false;
  frame->set_at(seen->at_micros);
  return true;
}

bool ScreenFeed::MakeFrame(term::Screen picture, Instant now, control::Frame* frame) {
  const bool restart = !sent_ || sent_->size() != picture.size();
  ansi_ = term::RenderFrame(restart ? nullptr : &*sent_, picture,
                            {.target = term::RenderTarget::kRealTerminal});
  sent_ = std::move(picture);
  if (ansi_.empty()) return false;
  next_at_ = now + interval_;
  frame->mutable_size()->set_columns(static_cast<uint32_t>(sent_->columns()));
  frame->mutable_size()->set_rows(static_cast<uint32_t>(sent_->rows()));
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
