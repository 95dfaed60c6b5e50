/// What      Runs gnuplot as a child process and returns its pictures as inline SVG.
/// Method    The script lies in a fresh folder under `work_dir`, removed at the end; the child is started without a
///           shell (posix_spawn), without the user's start-up file, and is stopped when it takes longer than a
///           minute.
/// Parallel  rank 0 only.
/// Cost      one process and about 20 ms a picture.
/// Fails     never throws: where gnuplot is missing or fails, pictures are empty and `problem()` says why.
#pragma once

#include <string>

namespace aleator::campaign::report {

class Gnuplot {
 public:
  Gnuplot(std::string program, const std::string& work_dir);
  ~Gnuplot();
  Gnuplot(const Gnuplot&) = delete;
  Gnuplot& operator=(const Gnuplot&) = delete;

  bool is_available() const { return available_; }
  /// Why pictures are missing, in words; empty while all is well.
  const std::string& problem() const { return problem_; }

  /// The picture `script` draws on a canvas of width x height, or an empty string.
  std::string draw(const std::string& script, int width, int height, const std::string& description);

 private:
  bool run(const char* argument, const std::string& output_file);

  std::string program_, folder_, problem_;
  bool available_ = false;
  int pictures_ = 0;
};

}  // namespace aleator::campaign::report
