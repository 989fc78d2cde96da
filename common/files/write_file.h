#ifndef TUTTI_COMMON_FILES_WRITE_FILE_H_
#define TUTTI_COMMON_FILES_WRITE_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// How a file is written.
enum class Writing {
  kAppend,  // behind what it holds, whatever others write; made when it is absent
  kUpdate,  // read and written anywhere; made when it is absent
  kAnew,    // from its start, without what it held; made when it is absent
  kNew,     // made; whoever is there first keeps it
};

// Opens a regular file to be written, and gives its descriptor, closed on exec, for the caller to
// close. Nothing else is opened or waited for: neither what a link at the path's end leads to,
// which somebody else may have made, nor a pipe, a device or a folder. `mode` is that of a new
// file, less the process's mask. The error names the path and what to give: InvalidArgument when
// it is no regular file, AlreadyExists for kNew, else that of the system.
absl::StatusOr<int> OpenForWriting(const std::string& path, Writing how, mode_t mode = 0600);

// Writes all of it, also where a signal or a full pipe cuts it short; false: errno says why.
bool WriteAll(int file, absl::string_view bytes);

// What OpenForWriting would say, of kAppend and kUpdate, without making a file.
absl::Status CheckWritable(const std::string& path, Writing how);

// Puts a file with this content in the place of the regular file at the path, or where nothing is,
// in one step, by way of a new one beside it, at the path and ".new", where a file or link goes.
// InvalidArgument when anything else is at either. Not durable: no power cut is thought of.
absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode = 0600);

// What ReplaceFile would say of the path, without making a file.
absl::Status CheckReplaceable(const std::string& path);

}  // namespace tutti

#endif  // TUTTI_COMMON_FILES_WRITE_FILE_H_
