// Who is attached to a session, told to whoever wants to know: utmp in the real program.
#ifndef SERVER_ATTACHMENT_RECORD_H_
#define SERVER_ATTACHMENT_RECORD_H_

#include "absl/strings/string_view.h"

namespace mosh::server {

class AttachmentRecord {
 public:
  virtual ~AttachmentRecord() = default;
  // A client at this numeric address is attached.
  virtual void Attached(absl::string_view client_address) = 0;
  virtual void Detached() = 0;
};

}  // namespace mosh::server

#endif  // SERVER_ATTACHMENT_RECORD_H_
