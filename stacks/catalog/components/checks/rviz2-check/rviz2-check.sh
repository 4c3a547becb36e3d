#!/bin/sh
# Starts rviz2 on a display in memory, drawn by the CPU. It says that it runs once
# the scene's renderer has its context and the process is still there some seconds
# later.
set -eu
export DISPLAY=:99 QT_QPA_PLATFORM=xcb HOME=/tmp XDG_RUNTIME_DIR=/tmp/runtime
export ROS_LOG_DIR=/tmp/ros-log ROS_LOCALHOST_ONLY=1 ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
mkdir -p "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
Xvfb "$DISPLAY" -screen 0 1024x768x24 +extension GLX -nolisten tcp >/tmp/xvfb.log 2>&1 &
display=$!
tries=0
until [ -S "/tmp/.X11-unix/X${DISPLAY#:}" ] || [ "$tries" -ge 60 ]; do
	tries=$((tries + 1))
	sleep 1
done
rviz2 >/tmp/rviz2.log 2>&1 &
rviz=$!
tries=0
until grep -q 'OpenGl version' /tmp/rviz2.log || [ "$tries" -ge 300 ] || ! kill -0 "$rviz" 2>/dev/null; do
	tries=$((tries + 1))
	sleep 1
done
sleep 5
if kill -0 "$rviz" 2>/dev/null; then
	echo 'still running'
fi
kill "$rviz" "$display" 2>/dev/null || true
cat /tmp/rviz2.log
