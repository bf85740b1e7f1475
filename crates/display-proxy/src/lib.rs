//! display-proxy
