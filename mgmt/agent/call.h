// One call of the API, from when it has reached the loop until it is answered.
#ifndef MGMT_AGENT_CALL_H_
#define MGMT_AGENT_CALL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "io/stop.h"
#include "io/task.h"
#include "mgmt/agent/caller.h"

namespace mosh::mgmt {

struct Method {
  const char* name;  // "TerminateSession"
  // Every call leaves an entry in the audit log, whatever comes of it. Of the others only those
  // that are denied do.
  bool audited;
  const char* service = "FleetService";
};

namespace method {
inline constexpr Method kGetNode = {"GetNode", false};
inline constexpr Method kListNodes = {"ListNodes", false};
inline constexpr Method kWatchNodes = {"WatchNodes", false};
inline constexpr Method kForgetNode = {"ForgetNode", true};
inline constexpr Method kListSessions = {"ListSessions", false};
inline constexpr Method kGetSession = {"GetSession", false};
inline constexpr Method kWatchSessions = {"WatchSessions", false};
inline constexpr Method kGetScreen = {"GetScreen", true};
inline constexpr Method kStreamScreen = {"StreamScreen", true};
inline constexpr Method kTerminateSession = {"TerminateSession", true};
inline constexpr Method kDetachClient = {"DetachClient", true};
inline constexpr Method kNotifySessions = {"NotifySessions", true};
inline constexpr Method kHoldSession = {"HoldSession", true};
inline constexpr Method kCreateAttachTicket = {"CreateAttachTicket", true};
inline constexpr Method kTailAudit = {"TailAudit", false};

inline constexpr char kRecordings[] = "RecordingService";
inline constexpr Method kStartRecording = {"StartRecording", true, kRecordings};
inline constexpr Method kStopRecording = {"StopRecording", true, kRecordings};
inline constexpr Method kListRecordings = {"ListRecordings", true, kRecordings};
inline constexpr Method kGetRecording = {"GetRecording", true, kRecordings};
inline constexpr Method kDeleteRecording = {"DeleteRecording", true, kRecordings};
inline constexpr Method kDownloadRecording = {"DownloadRecording", true, kRecordings};

inline constexpr Method kDrainNode = {"DrainNode", true};
inline constexpr Method kUndrainNode = {"UndrainNode", true};

inline constexpr char kOperations[] = "OperationService";
inline constexpr Method kGetOperation = {"GetOperation", false, kOperations};
inline constexpr Method kListOperations = {"ListOperations", false, kOperations};
inline constexpr Method kWaitOperation = {"WaitOperation", false, kOperations};
inline constexpr Method kCancelOperation = {"CancelOperation", true, kOperations};

inline constexpr char kPolicies[] = "PolicyService";
inline constexpr Method kGetPolicy = {"GetPolicy", false, kPolicies};
inline constexpr Method kListPolicies = {"ListPolicies", false, kPolicies};
inline constexpr Method kUpdatePolicy = {"UpdatePolicy", true, kPolicies};
inline constexpr Method kDeletePolicy = {"DeletePolicy", true, kPolicies};
}  // namespace method

struct Call;

// Who keeps the audit log of a call that is under way.
class CallRecorder {
 public:
  virtual ~CallRecorder() = default;
  // It begins, and the caller may. OK when that is on the disk.
  virtual io::Task<absl::Status> Begin(const Call* call) = 0;
};

struct Call {
  std::shared_ptr<const Caller> caller;
  const Method* method = nullptr;
  // How long the caller waits from when it came, and until when that is.
  std::chrono::nanoseconds patience = std::chrono::hours(24);
  Instant deadline = Instant::Max();
  // The agent stops, or the caller of a stream is gone.
  io::StopToken stop;
  // Of a stream: set when it was told to stop because the caller is gone. Null: not of one.
  std::shared_ptr<bool> caller_gone;
  // Of a stream: whether the caller's certificate still holds. Null: there is none.
  std::function<bool()> still_known;
  // Of a stream: notes in the audit log that it begins. Null: nothing to note.
  CallRecorder* recorder = nullptr;
  // False: it must leave no trace in the audit log, because it was one too many.
  bool recordable = true;
  // Another agent asks on its own account ("nodes/NODE", by its own word): it wants to know of this
  // node alone. Empty: somebody else asks.
  std::string asking_node;
  // For the audit log. Handlers set them as soon as they know.
  std::string resource;
  std::string reason;
  std::string detail;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_CALL_H_
