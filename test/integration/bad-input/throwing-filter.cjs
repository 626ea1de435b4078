// Without a stack, so that the line has no path.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
const error = new TypeError("hunter2");
Error.stackTraceLimit = stackTraceLimit;

module.exports = () => {
  throw error;
};
