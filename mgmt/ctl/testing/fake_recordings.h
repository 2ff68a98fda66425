// A RecordingService beside FakeFleet's: two recordings of a node, whose files are what a test
// says.
#ifndef MGMT_CTL_TESTING_FAKE_RECORDINGS_H_
#define MGMT_CTL_TESTING_FAKE_RECORDINGS_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "mosh/fleet/v1/recording_service.grpc.pb.h"

namespace mosh::mgmt::ctl {

class FakeRecordings final : public ::mosh::fleet::v1::RecordingService::Service {
 public:
  explicit FakeRecordings(const std::string& node = "nodes/n1",
                          const std::vector<std::string>& ids = {"20261129-174500-bb22",
                                                                 "20261128-090000-aa11"});

  // As FakeFleet's.
  std::vector<std::string> Asked();
  // As FakeFleet's, of StopRecording.
  std::map<std::string, std::string> elsewhere;
  // Of each.
  std::string content;
  // What DownloadRecording says at its end; with an error only half of the content is sent.
  grpc::Status end;

 private:
  using Context = grpc::ServerContext;
  grpc::Status StartRecording(Context* context,
                              const ::mosh::fleet::v1::StartRecordingRequest* request,
                              ::mosh::fleet::v1::Recording* recording) override;
  grpc::Status StopRecording(Context* context,
                             const ::mosh::fleet::v1::StopRecordingRequest* request,
                             ::mosh::fleet::v1::Recording* recording) override;
  grpc::Status ListRecordings(Context* context,
                              const ::mosh::fleet::v1::ListRecordingsRequest* request,
                              ::mosh::fleet::v1::ListRecordingsResponse* response) override;
  grpc::Status DeleteRecording(Context* context,
                               const ::mosh::fleet::v1::DeleteRecordingRequest* request,
                               ::mosh::fleet::v1::DeleteRecordingResponse* response) override;
  grpc::Status DownloadRecording(
      Context* context, const ::mosh::fleet::v1::DownloadRecordingRequest* request,
      grpc::ServerWriter<::mosh::fleet::v1::DownloadRecordingResponse>* writer) override;
  void Note(const std::string& method, const google::protobuf::Message& request);

  ::mosh::fleet::v1::ListRecordingsResponse list_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
};

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TESTING_FAKE_RECORDINGS_H_
