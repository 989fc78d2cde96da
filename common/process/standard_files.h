#ifndef TUTTI_COMMON_PROCESS_STANDARD_FILES_H_
#define TUTTI_COMMON_PROCESS_STANDARD_FILES_H_

namespace tutti {

// Has standard input, output and error lead to nowhere where the process was started without them
// (2>&-): the first file or connection that it opens would take their place, and lines of the log
// go into it. First thing in main.
void OpenStandardFiles();

}  // namespace tutti

#endif  // TUTTI_COMMON_PROCESS_STANDARD_FILES_H_
