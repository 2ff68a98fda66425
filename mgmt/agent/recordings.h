// Recordings: what each RPC of the RecordingService does, as Calls does FleetService's. Loop thread
// only.
#ifndef MGMT_AGENT_RECORDINGS_H_
#define MGMT_AGENT_RECORDINGS_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "io/task.h"
#include "mgmt/agent/call.h"
#include "mgmt/agent/calls.h"
#include "mgmt/agent/once.h"
#include "mgmt/agent/sink.h"
#include "mgmt/recording/recorder.h"
#include "mgmt/recording/recording_store.h"
#include "mosh/fleet/v1/recording_service.pb.h"

namespace mosh::mgmt {

class Recordings {
 public:
  // All outlive it.
  struct Context {
    Calls* calls;
    // Null: this agent keeps none.
    RecordingStore* store;
    Recorder* recorder;
    // False: the agent ends with a command, too soon to record anything.
    bool lasting = true;
  };
  explicit Recordings(Context context)
      : context_(context), once_(context.calls->context().reactor) {}

  using Done = Calls::Done;
  Done StartRecording(Call* call, const fleet::StartRecordingRequest* request,
                      fleet::Recording* response);
  Done StopRecording(Call* call, const fleet::StopRecordingRequest* request,
                     fleet::Recording* response);
  Done ListRecordings(Call* call, const fleet::ListRecordingsRequest* request,
                      fleet::ListRecordingsResponse* response);
  Done GetRecording(Call* call, const fleet::GetRecordingRequest* request,
                    fleet::Recording* response);
  Done DeleteRecording(Call* call, const fleet::DeleteRecordingRequest* request,
                       fleet::DeleteRecordingResponse* response);
  // A stream, as Streams has them.
  Done DownloadRecording(Call* call, const fleet::DownloadRecordingRequest* request,
                         Sink<fleet::DownloadRecordingResponse>* sink);

 private:
  Done Start(Call* call, const fleet::StartRecordingRequest* request, fleet::Recording* response);
  Done Stop(Call* call, const fleet::StopRecordingRequest* request, fleet::Recording* response);
  Done Delete(Call* call, const fleet::DeleteRecordingRequest* request,
              fleet::DeleteRecordingResponse* response);
  grpc::Status RoomForAnother() const;

  // What there are is known as of now.
  Done Look();
  // Which of the two the caller may do to a recording.
  struct Access {
    bool read = false;
    bool change = false;
  };
  Access AccessTo(const Caller& caller, const fleet::Recording& recording) const;
  // NOT_FOUND if he may not read it; PERMISSION_DENIED if he may only that.
  grpc::Status Find(Call* call, absl::string_view name, bool to_change, std::string* id) const;

  const Context context_;
  Once once_;
  int starting_ = 0;
  int downloads_ = 0;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_RECORDINGS_H_
