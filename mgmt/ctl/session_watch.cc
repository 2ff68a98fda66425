#include "mgmt/ctl/session_watch.h"

#include <algorithm>
#include <utility>

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

constexpr absl::Duration kFirstRetry = absl::Seconds(1);
constexpr absl::Duration kLastRetry = absl::Seconds(10);

}  // namespace

void SessionWatch::Open(absl::Time now) {
  fleet::WatchSessionsRequest request;
  request.set_parent(parent_);
  request.set_filter(filter_);
  request.set_resource_version(resource_version_);
  expects_snapshot_ = resource_version_.empty();
  synced_ = !expects_snapshot_;
  heard_ = false;
  // Resumed, a stream has nothing to say until something changes.
  give_up_time_ = expects_snapshot_ ? now + api_->timeout() : absl::InfiniteFuture();
  reader_ = std::make_unique<StreamReader<Response>>(
      [stub = api_->stub(), request](grpc::ClientContext* context) {
        return stub->WatchSessions(context, request);
      });
}

void SessionWatch::RetryLater(absl::Time now) {
  reader_.reset();
  retry_time_ = now + retry_delay_;
  retry_delay_ = std::min(retry_delay_ * 2, kLastRetry);
}

absl::Time SessionWatch::wake_time() const {
  if (!reader_) return retry_time_;
  return heard_ ? absl::InfiniteFuture() : give_up_time_;
}

absl::StatusOr<SessionWatch::News> SessionWatch::Poll(absl::Time now) {
  News news;
  if (!reader_) {
    if (now >= retry_time_) Open(now);
    return news;
  }
  // One at a time: whoever draws gets a chance between.
  if (std::optional<Response> response = reader_->Take()) {
    heard_ = ever_heard_ = true;
    retry_delay_ = kFirstRetry;
    news.anew = std::exchange(expects_snapshot_, false);
    if (response->has_unreachable()) news.unreachable = response->unreachable();
    for (fleet::SessionEvent& event : *response->mutable_events()) {
      synced_ |= event.type() == fleet::SessionEvent::SYNCED;
      // From the middle of a snapshot it couldn't be resumed.
      if (synced_ && !event.resource_version().empty()) {
        resource_version_ = event.resource_version();
      }
      news.events.push_back(std::move(event));
    }
    return news;
  }
  const std::optional<grpc::Status> end = reader_->end();
  if (!end) {
    if (heard_ || now < give_up_time_) return news;
    const absl::Status late = api_->Explain(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
    if (!ever_heard_) return late;
    news.trouble = std::string(late.message());
    RetryLater(now);
  } else if (end->error_code() == grpc::StatusCode::OUT_OF_RANGE && !resource_version_.empty()) {
    resource_version_.clear();
    Open(now);
  } else if (ever_heard_ && (end->ok() || end->error_code() == grpc::StatusCode::UNAVAILABLE)) {
    news.trouble =
        end->ok() ? "the agent has ended the watch" : std::string(api_->Explain(*end).message());
    RetryLater(now);
  } else if (end->ok()) {
    return absl::UnavailableError("the agent has ended the watch before it began");
  } else {
    return api_->Explain(*end);
  }
  return news;
}

}  // namespace mosh::mgmt::ctl
