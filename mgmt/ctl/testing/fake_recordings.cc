#include "mgmt/ctl/testing/fake_recordings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mgmt/ctl/testing/fake_fleet.h"
#include "mgmt/recording/sha256.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

FakeRecordings::FakeRecordings(const std::string& node, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    fleet::Recording* const recording = list_.add_recordings();
    recording->set_name(absl::StrCat(node, "/recordings/", id));
    recording->set_session(absl::StrCat(node, "/sessions/ab12"));
    recording->set_user("alice");
    recording->set_state(fleet::Recording::FINISHED);
    recording->set_end_reason("the session has ended");
    recording->mutable_start_time()->set_seconds(1'800'000'000);
    recording->mutable_end_time()->set_seconds(1'800'000'090);
    recording->set_size_bytes(2048);
    recording->set_title("evil\007title");
    recording->set_started_by("cert:CN=recorder");
  }
  list_.mutable_recordings(0)->set_state(fleet::Recording::FAILED);
  list_.set_total_size(2);
}

std::vector<std::string> FakeRecordings::Asked() {
  std::lock_guard lock(mutex_);
  return asked_;
}

void FakeRecordings::Note(const std::string& method, const google::protobuf::Message& request) {
  std::lock_guard lock(mutex_);
  asked_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
}

grpc::Status FakeRecordings::StartRecording(Context*, const fleet::StartRecordingRequest* request,
                                            fleet::Recording* recording) {
  Note("StartRecording", *request);
  *recording = list_.recordings(0);
  recording->set_has_input(request->record_input());
  return grpc::Status::OK;
}

grpc::Status FakeRecordings::StopRecording(Context*, const fleet::StopRecordingRequest* request,
                                           fleet::Recording* recording) {
  Note("StopRecording", *request);
  const grpc::Status here = FakeFleet::CheckNode(elsewhere, request->name());
  if (!here.ok()) return here;
  *recording = list_.recordings(0);
  return grpc::Status::OK;
}

grpc::Status FakeRecordings::ListRecordings(Context*, const fleet::ListRecordingsRequest* request,
                                            fleet::ListRecordingsResponse* response) {
  // A page each.
  const int index = request->page_token().empty() ? 0 : 1;
  *response->add_recordings() = list_.recordings(index);
  if (index == 0) response->set_next_page_token("more");
  response->set_total_size(2);
  return grpc::Status::OK;
}

grpc::Status FakeRecordings::DeleteRecording(Context*, const fleet::DeleteRecordingRequest* request,
                                             fleet::DeleteRecordingResponse*) {
  Note("DeleteRecording", *request);
  return grpc::Status::OK;
}

grpc::Status FakeRecordings::DownloadRecording(
    Context*, const fleet::DownloadRecordingRequest* request,
    grpc::ServerWriter<fleet::DownloadRecordingResponse>* writer) {
  Note("DownloadRecording", *request);
  const int64_t size = static_cast<int64_t>(content.size());
  if (request->offset() > size) return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "offset");
  fleet::DownloadRecordingResponse message;
  *message.mutable_recording() = list_.recordings(0);
  Sha256 sha256;
  sha256.Add(content);
  message.mutable_recording()->set_sha256(sha256.Hex());
  message.mutable_recording()->set_size_bytes(size);
  writer->Write(message);
  const int64_t last = end.ok() ? size : size / 2;
  constexpr int64_t kPart = 10;
  for (int64_t offset = request->offset(); offset < last; offset += kPart) {
    message.Clear();
    message.set_offset(offset);
    message.set_data(content.substr(static_cast<size_t>(offset),
                                    static_cast<size_t>(std::min(kPart, last - offset))));
    writer->Write(message);
  }
  return end;
}

}  // namespace mosh::mgmt::ctl
