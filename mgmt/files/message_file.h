// MessageFile: a protobuf message that is kept in a file, as JSON for people's eyes. Replaced as a
// whole, so that a crash leaves the old one or the new one. Everything here waits for the disk.
#ifndef MGMT_FILES_MESSAGE_FILE_H_
#define MGMT_FILES_MESSAGE_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "io/owned_fd.h"

namespace mosh::mgmt {

class MessageFile {
 public:
  explicit MessageFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool locked() const { return lock_.valid(); }
  // Keeps other processes from writing it, by PATH.lock. Makes its directory (0700), and that
  // one's, if there is none. kFailedPrecondition: another process writes it.
  absl::Status Lock();

  // OK and an empty message if there is no file. What a newer version has written beside is passed
  // over. kDataLoss: it is not understood, and says where.
  absl::Status Read(google::protobuf::Message* message) const;
  // On the disk when OK. Readable by the user alone.
  absl::Status Write(const google::protobuf::Message& message) const;

 private:
  const std::string path_;
  io::OwnedFd lock_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_FILES_MESSAGE_FILE_H_
