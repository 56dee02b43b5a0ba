module example.com/customer-service

go 1.19
