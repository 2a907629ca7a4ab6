SELECT CustomerId FROM Customer
WHERE Email IS NULL OR Email = '' OR LastName IS NULL OR LastName = '' OR NewsletterConsent IS NULL
   OR suffix(City, ' ') OR contains(FirstName, '"') OR prefix(FirstName, '=') OR (BirthDate IS NULL AND Income IS NULL)
