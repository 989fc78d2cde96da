#ifndef TUTTI_COMMON_ESTIMATE_FIGURE_H_
#define TUTTI_COMMON_ESTIMATE_FIGURE_H_

namespace tutti {

// 95% of a normal distribution lie within this many standard deviations.
inline constexpr double kDeviations95 = 1.959964;

// An estimate with its error, in any unit.
struct Figure {
  double value = 0;
  double deviation = 0;  // standard deviation
  double bias = 0;       // bound of what does not average out

  // Half the width of the 95% interval.
  double margin() const { return kDeviations95 * deviation + bias; }

  Figure Times(double factor) const {
    const double size = factor < 0 ? -factor : factor;
    return {value * factor, deviation * size, bias * size};
  }
};

}  // namespace tutti

#endif  // TUTTI_COMMON_ESTIMATE_FIGURE_H_
